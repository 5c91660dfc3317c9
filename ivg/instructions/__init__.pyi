from .rewriter import REWRITERS, InstructionRewriter, PlainRewriter, TransformersRewriter, load_rewriter
from .vocabulary import GENERAL_KITCHEN, Action, SceneVocabulary, Thing
from .vocabulary_rewriter import VocabularyRewriter

__all__ = [
    "GENERAL_KITCHEN",
    "REWRITERS",
    "Action",
    "InstructionRewriter",
    "PlainRewriter",
    "SceneVocabulary",
    "Thing",
    "TransformersRewriter",
    "VocabularyRewriter",
    "load_rewriter",
]
