"""An AWS to practise on: `server` runs it, `services` add to moto what it lacks."""
