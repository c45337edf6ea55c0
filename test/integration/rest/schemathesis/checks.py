import schemathesis

# npm-semver ranges are no regular language: the document only says how long they may be.
NOT_IN_THE_DOCUMENT = '"versionRange"'


@schemathesis.check
def what_obeys_is_not_invalid(ctx, response, case):
    """A request that obeys the document is never told that its form is wrong."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    problem = response.json()
    if problem["type"] == "Invalid" and NOT_IN_THE_DOCUMENT not in problem["detail"]:
        raise AssertionError(f"The document allows what the server refuses: {problem['detail']}")
