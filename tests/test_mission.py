"""The story that everything stands on: open, enrol, acquire, hand over, find, review, close an epoch."""

from mission import EXAMINER, OLENA, PETRO, SECOND, Mission


def test_an_item_goes_from_hand_to_hand() -> None:
    """Released by one and accepted by the other, the item has a new holder; the checkpoint closes over all of it."""
    m = Mission()
    item = m.acquire()
    assert (m.item(item).status, m.item(item).holder) == ("held", OLENA)
    offer = m.release(item)
    assert (m.item(item).status, m.item(item).holder, m.item(item).to) == ("offered", OLENA, PETRO)
    m.accept(item, offer)
    assert (m.item(item).status, m.item(item).holder) == ("held", PETRO)
    finding = m.finding(item, EXAMINER)
    m.act("review", item, SECOND, {"finding": finding, "opinion": "concur", "rationale": "Seen the same."})
    m.checkpoint()
    m.checkpoint()
    assert len(m.checkpoints) == 2
    assert not m.hints
