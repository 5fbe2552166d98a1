"""A vehicle pass from the upload to the QR code, with the client that openapi-python-client makes of /openapi.json.

BANSHI_URL, CITIZEN and STAFF in the environment say where the server is and who asks.
"""

import os
import sys
import time
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from city_api import AuthenticatedClient
from city_api.api.attachments import upload
from city_api.api.cases import act, show_case, submit_zone_pass
from city_api.api.passes import show_pass_svg, show_pass_txt
from city_api.models import ActBody, Attachment, Case, CaseSummary, SubmitZonePassBody, UploadBody
from city_api.models import SubmitZonePassBodyAnswers as Answers
from city_api.models import SubmitZonePassBodyAnswersDriver as Driver
from city_api.types import File

citizen, staff = (AuthenticatedClient(os.environ["BANSHI_URL"], os.environ[who]) for who in ("CITIZEN", "STAFF"))


def stored(picture: Path) -> Attachment:
    body = UploadBody(File(BytesIO(picture.read_bytes()), picture.name, "image/png"))
    answer = upload.sync(client=citizen, body=body, idempotency_key=str(uuid4()))
    assert isinstance(answer, Attachment), answer
    return answer


picture = Path(sys.argv[1])
# The city's day, which this machine's own may differ from.
today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
answers = Answers(
    plate="川BD12345",
    vehicle_class="heavy-truck",
    zones=["2", "5"],
    hours="22-6",
    valid_from=today,
    valid_until=today + timedelta(days=29),
    purpose="为社区超市配送蔬菜",
    driver=Driver(name="王小明", phone="13800000000"),
    licence=stored(picture).id,
    registration=stored(picture).id,
)
case = submit_zone_pass.sync(client=citizen, body=SubmitZonePassBody(answers), idempotency_key=str(uuid4()))
assert isinstance(case, Case), case
print(f"{case.number}: {case.state}")

# The department's automatic check takes a moment.
while case.state == "submitted":
    time.sleep(0.2)
    case = show_case.sync(case.id, client=citizen)
    assert isinstance(case, Case), case
print(f"{case.state}, due on {case.deadline.due_on if case.deadline else 'no day'}")

approved = act.sync(case.id, "approve", client=staff, body=ActBody(), idempotency_key=str(uuid4()))
assert isinstance(approved, CaseSummary), approved

whole = show_case.sync(case.id, client=citizen)
assert isinstance(whole, Case), whole
print(" → ".join(step.state for step in whole.timeline))

text, drawn = show_pass_txt.sync(case.id, client=citizen), show_pass_svg.sync(case.id, client=citizen)
assert isinstance(text, str), text
assert isinstance(drawn, File), drawn
print(f"{text[:24]}…, {len(drawn.payload.read())} bytes of SVG")
