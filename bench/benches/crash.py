"""The program's test of crashes, with many more rounds."""

from lib.rounds import run_test

SUMMARY = "kill -9 while keys are minted and revoked, COUNT times: nothing acknowledged is lost"


def run(place, options, report):
    run_test("crash", options, report)
