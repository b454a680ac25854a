"""Diagnosis: what is wrong on the street, worked out afresh at every step from what nodes said and did not say.

Theory of operation. Rules look at one node's last word and find what shows (bad), what is clearly well (good) and, by
leaving it out, what nobody can tell: a lamp that is off says nothing about whether it would burn. `weighing` makes the
faults of a node of this: what shows in several reports in a row opens, what is clearly well closes, and what nobody can
tell stays as it is. A cause hides its effects: a lamp that is dark draws too little power, and that is one fault.

What needs a memory is a small value on the node: `evidence` (how often in a row the reports disagreed with the faults
that stand), `learned` (what a lamp truly draws) and `cycling` (how often it went out and came back). What many nodes
show together is `correlation`'s: thirty lamps that fall silent at once are one fault with thirty members.

Every figure is one of `Thresholds` (settings section [diagnosis]) or of the luminaire's type.
"""
