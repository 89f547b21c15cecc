"""The rule of the act that closes an epoch: it fixes a size of the log, and carries the checkpoint before it into the log."""

from msgspec.structs import replace

from keys.errors import NoteError, SignatureError
from ledger import acts
from ledger.checkpoint import open_checkpoint
from ledger.entry import cite
from ledger.errors import CannotTell, Fault, Malformed
from ledger.roster import verifier_of
from ledger.submission import Submission, refuse


def checkpoint(s: Submission[acts.Checkpoint]) -> None:
    """The log key alone signs: the index over all records before, and the last checkpoint as it was signed."""
    ledger, body = s.ledger, s.entry.body
    if s.entry.by != [ledger.origin]:
        refuse("checkpoint.by", "a checkpoint is signed by the log key alone; have the log sign it")
    subjects, root = s.state.index_head()
    if (body.index.subjects, body.index.root) != (subjects, cite(root)):
        refuse("checkpoint.index", "the completeness index is not that of the records before this one; make it anew")
    if (body.previous is None) != (ledger.closed_at == 0):
        refuse("checkpoint.previous", "every checkpoint but the first carries the one before it; make it anew")
    if body.previous is not None:
        _previous(s, body.previous.note)
    s.put("ledger", replace(ledger, closed_at=s.index + 1, closed_by=[*ledger.vkeys, *ledger.retired], retired=[]))


def _previous(s: Submission[acts.Checkpoint], note: str) -> None:
    """It is the last one of this log, signed by all the keys that had to sign it: after a rotation by the old ones too."""
    keys = {verifier_of(vkey) for vkey in s.ledger.closed_by}
    try:
        opened = open_checkpoint(note.encode(), keys)
    except (NoteError, SignatureError, Malformed, Fault, CannotTell) as error:
        refuse("checkpoint.previous", f"the checkpoint carried along is not one of this log: {error}")
    head = opened.checkpoint
    if (head.origin, head.size) != (s.ledger.origin, s.ledger.closed_at) or head.root != s.state.root(head.size):
        refuse("checkpoint.previous", "the checkpoint carried along is not the last one of this log; carry that one")
    if not keys <= opened.signed_by:
        refuse(
            "checkpoint.previous",
            "the checkpoint carried along lacks a signature of the log; have it signed by every key it needs",
        )
