"""The data doctor: what is wrong with labelled rows, where, and what mends it."""

from .examine import Diagnosis, Repairs, examine
from .finding import Finding, Severity
from .fix import fix
from .suspects import Suspect, Suspicion, suspicion

__all__ = ["Diagnosis", "Finding", "Repairs", "Severity", "Suspect", "Suspicion", "examine", "fix", "suspicion"]
