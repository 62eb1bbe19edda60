"""What every engine at a provider needs: calls that are paced, capped and read strictly.

The engines themselves are `anthropic_api.py` and `openai_server.py`, one room up.
"""
