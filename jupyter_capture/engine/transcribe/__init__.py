"""What is said in a recording: from sound to words, and from words to sentences."""

from jupyter_capture.engine.transcribe.sentences import Sentence, Word, sentences
from jupyter_capture.engine.transcribe.whisper import Piece, Transcriber, Transcription

__all__ = ["Piece", "Sentence", "Transcriber", "Transcription", "Word", "sentences"]
