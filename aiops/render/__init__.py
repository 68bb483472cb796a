"""Results and plans as text (`text`) and as data (`document`).

No file, no network and no judgement: what is shown was decided before. Nothing here asks what the terminal can
do either; the `Console` knows.
"""
