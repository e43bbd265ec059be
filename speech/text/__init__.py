"""What becomes of an engine's words: Chinese as people write it, places put right, what a ticket wants to know found."""
