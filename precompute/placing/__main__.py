import sys

from precompute.placing.command import main

sys.exit(main())
