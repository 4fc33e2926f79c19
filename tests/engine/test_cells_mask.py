"""Nothing that looks like a key, a token or a password is kept of a cell."""

from __future__ import annotations

import pytest

from jupyter_capture.wire.cells import Cell, code_line, masked

SECRETS = [
    'API_KEY = "hunter2hunter"',
    "api_key='hunter2hunter'",
    'client = Client(user="anna", password="hunter2hunter")',
    'password: str = "hunter2hunter"',
    'password = (\n    "hunter2hunter"\n)',
    'os.environ["OPENAI_API_KEY"] = "hunter2hunter"',
    "os.environ['SERVICE_TOKEN']='hunter2hunter'",
    'os.environ.get("DB_PASSWORD", "hunter2hunter")',
    'settings = {"token": "hunter2hunter", "size": 3}',
    '{\n "db_password":\n "hunter2hunter"}',
    'user, password = "anna", "hunter2hunter"',
    'secret = """\nhunter2hunter\n"""',
    'secret = f"hunter2hunter{x}"',
    'token = "hunter" "hunter2hunter"',
    'login("anna", "hunter2hunter")',
    'hf.login(token="hunter2hunter")',
    'key = "hunter2hunter"',
    'headers = {"Authorization": "Bearer hunter2hunter"}',
    'headers = {"X-Api-Key": "hunter2hunter"}',
    "%env SERVICE_TOKEN=hunter2hunter",
    "%env SERVICE_TOKEN hunter2hunter",
    "!export DB_PASSWORD=hunter2hunter && run",
    "!curl -H 'Authorization: Bearer hunter2hunter' https://example.org",
    "!curl -u anna:hunter2hunter https://example.org",
    "!tool --password hunter2hunter --verbose",
    "!tool --api-key=hunter2hunter",
    "%capture_connect https://example.org --key hunter2hunter",
    "%sql postgresql://anna:hunter2hunter@db/sales",
    'create_engine("postgresql://anna:hunter2hunter@db/sales")',
    'requests.get("https://example.org/v1?size=2&access_token=hunter2hunter&x=1")',
    'fetch("https://example.org/f?sig=hunter2hunter")',
]
FORMS = [
    "sk-proj-abcdefghij0123456789",
    "ghp_abcdefghijklmnopqrst0123456789",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "xoxb-1234567890-abcdefgh",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1",
    "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
]
HARMLESS = [
    "model.fit_transform(texts)",
    'tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")',
    "generate(max_tokens=100, stop='end')",
    'frame.sort_values("price")',
    "sorted(rows, key=lambda row: row[1])",
    'author = "Anna"',
    'frame = pd.read_csv("/data/sales_2024_quarter_one.csv")',
    "for key, value in found.items(): print(key, 'is', value)",
    "import matplotlib.pyplot as plt",
    'print("a long sentence about the monkey and the keyboard")',
    'url = "https://example.org/path/to/a/page.html?size=3"',
    "%capture_start --cells --name 'A talk'",
    "X_train_scaled_version_02 = scaler_object_number_1.fit(X_train_raw_version_01)",
]


@pytest.mark.parametrize("code", SECRETS)
def test_what_a_telling_name_is_given_is_masked(code: str) -> None:
    assert "hunter2hunter" not in masked(code)
    assert "•••" in masked(code)


@pytest.mark.parametrize("secret", FORMS)
def test_a_key_of_a_well_known_form_is_masked_wherever_it_stands(secret: str) -> None:
    for code in (f'x = "{secret}"', f"# {secret}", f"!run {secret}"):
        assert secret not in masked(code)
        assert "abc" not in masked(code)


@pytest.mark.parametrize("code", HARMLESS)
def test_what_is_no_secret_stays_as_it_is(code: str) -> None:
    assert masked(code) == code


def test_masking_again_changes_nothing_more() -> None:
    for code in SECRETS:
        assert masked(masked(code)) == masked(code)


def test_what_stands_around_a_secret_is_still_found() -> None:
    code = 'db = connect("sales", password="hunter2hunter")\nframe = db.read("orders")'
    assert masked(code) == 'db = connect("sales", password="•••")\nframe = db.read("orders")'


def test_a_cell_is_masked_when_it_is_made_and_when_it_is_read() -> None:
    cell = Cell(code='token = "hunter2hunter"', started=1, ended=2)
    assert cell.code == 'token = "•••"'
    assert Cell.model_validate_json(cell.model_dump_json()) == cell


def test_the_line_of_a_cell_is_its_first_that_says_something() -> None:
    assert code_line("\n# load\n\nframe = load()\nframe.head()") == "frame = load()"
    assert code_line("# nothing else") == "# nothing else"
    assert code_line("") == ""
    assert len(code_line("x" * 500)) == 80
