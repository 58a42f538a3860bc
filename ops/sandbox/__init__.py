"""An AWS to practise on: `server` runs it, `emulator` adds to moto what it lacks."""
