"""What every test process is given."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Begun in the background of a script, which is deaf to Ctrl-C, and so is whatever a test starts to interrupt it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
