"""``python -m ivg.cli.train``, as ``accelerate launch`` and ``torchrun`` call it."""

import sys

from . import main

sys.exit(main())
