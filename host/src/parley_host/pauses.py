"""The waits of both clients, under names that differ as the clients' do."""

import asyncio
import time

pause_async = asyncio.sleep
pause = time.sleep
