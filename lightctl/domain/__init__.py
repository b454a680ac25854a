"""What a lighting fleet is: frozen values, standard library only.

Read in this order: assets (light points and nodes), programs (what people ask for), states (what is asked of a node
and what it says), events (what happens). Everything above this floor speaks in these words.
"""
