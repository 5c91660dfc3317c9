"""Rewriting instructions: from "cut carrot" to who holds what where (the paper's "instruction tuning", Sec. 3.1.1)."""

from .choosing import REWRITERS as REWRITERS
from .choosing import load_rewriter as load_rewriter
from .rewriter import InstructionRewriter as InstructionRewriter
from .rewriter import PlainRewriter as PlainRewriter
from .vocabulary import GENERAL_KITCHEN as GENERAL_KITCHEN
from .vocabulary import Action as Action
from .vocabulary import SceneVocabulary as SceneVocabulary
from .vocabulary import Thing as Thing
from .vocabulary_rewriter import VocabularyRewriter as VocabularyRewriter
