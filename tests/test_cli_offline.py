"""Two laptops without a network: signed there, carried by stick, recorded at the office."""

from office import Office


def test_away_from_the_log_an_act_is_signed_and_waits(office: Office):
    number = office.new_item("olena")
    laptop = office.laptop("field", "olena")
    said = laptop.run("release", number, "--to", "petro@un.example", "--method", "hand", "--purpose", "study")
    assert said.stdout.startswith(f"signed, not recorded yet: {number} released to petro@un.example; 1 in the outbox")
    assert laptop.size() == office.size(), "nothing is recorded in the copy"
    assert "offered to petro@un.example" in laptop.run("list").stdout
    assert "offered" not in office.run("list").stdout


def test_a_chain_of_acts_on_one_item_is_signed_before_any_is_recorded(office: Office):
    laptop = office.laptop("field", "olena")
    laptop.run("acquire", laptop.file(), "--description", "a video", "--method", "copied", "--purpose", "case 7")
    laptop.run("access", "O-1", "--manner", "view", "--purpose", "to see it")
    laptop.run("release", "O-1", "--to", "petro@un.example", "--method", "hand", "--purpose", "study")
    assert "4 in the outbox" in laptop.run("note", "O-1", "a word").stdout
    assert "O-1" in laptop.run("pending").stdout
