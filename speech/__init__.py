"""Between sound and words: recognisers, models, voicemail transcription, spoken prompts."""
