from .rewriter import REWRITERS, InstructionRewriter, PlainRewriter, load_rewriter
from .transformers_rewriter import TransformersRewriter
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
