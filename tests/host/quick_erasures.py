"""`python -m tests.host.quick_erasures run …`: the local stack, with a second between the two rounds of an erasure.

In between, an erasure waits until API Gateway has forgotten the person's tokens, which takes five minutes.
"""

import sys

from local.__main__ import main
from parley.domain.erasure import job

if __name__ == "__main__":
    job.AGAIN_S = 1
    sys.exit(main(sys.argv[1:]))
