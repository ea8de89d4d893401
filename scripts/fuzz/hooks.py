"""Failures that Schemathesis reports and that are none here, each with the reason. Everything else counts."""

import os

import schemathesis
from schemathesis.core.failures import ServerError
from schemathesis.openapi.checks import RejectedPositiveData

# A request that fits its schema may still be turned down with 400 for what no schema can say: by the member that the answer names.
BEYOND_SCHEMAS = {
    "phoneNumber": "which numbers a phone can have changes with the numbering plans, and the installation chooses countries",
    "cursor": "only a cursor that this API has made for the same list is taken, which it tells by a keyed hash",
    "accessToken": "only a token of the user of the enrollment is taken",
    "factor": "only a factor of this enrollment is taken, which its start has named",
    "url": "only receivers that the installation allows are taken, none of them on a private network",
    "x-acting-person": "only API keys that are trusted to name persons may send it: the schema does not know the caller",
    "remindAfterSeconds": "its times ascend, which no schema can say",
    "users": "each user stands there once, whatever the number is, and a schema compares whole members alone",
    "reason": "it is needed in the body or as X-Reason, and the schema of a body does not see the headers",
}


def is_beyond_schemas(response):
    problem = response.json()
    fields = [error["field"].split(".")[-1] for error in problem.get("errors", [])]
    return bool(fields) and all(field in BEYOND_SCHEMAS for field in fields)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure counts."""
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        return not is_beyond_schemas(response)
    if isinstance(failure, ServerError) and response.status_code == 503:
        # Only where the caller of run.ts says so: a machine under load, on which no answer in time is nobody's fault.
        return os.environ.get("FUZZ_TOLERATES_UNAVAILABLE") != "1"
    return True
