"""How a question is put: conversations that yield requests and receive completions."""
