"""The demo: a whole town for a night, on a real broker and a real Modbus line, judged by the lamps' own truth.

town makes the light points, mishaps says what goes wrong when, scenery writes a run's scenario and settings,
town_scenery does so for the town, cast starts and ends the processes (understudy lets them load early), stage sets a
run up, truth reads what the lamps did, verdict compares it with the plan, show lets people watch, night runs it all.
"""
