"""From logits to the next tokens: warped, drawn with addressed noise, searched with beams."""
