"""Who answers: places, personas, decoding, memory, and the panel they make up."""
