"""The Debian package: builds, is complete, and comes and goes in a clean root without a trace."""


def check_package(root, tally):
    del root, tally
