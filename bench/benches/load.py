"""The program's test under load, with many more rounds."""

from lib.rounds import run_test

SUMMARY = "a key is revoked while 64 connections use it, COUNT times: none succeeds afterwards"


def run(place, options, report):
    run_test("load", options, report)
