"""The same small law in other systems, to compare results and times.

Unlike everything under `reasoner/`, these modules hold law, on purpose: each is a second implementation of
`benchmarks/peers/law`, in the way that its system suggests. Nothing but the benchmark uses them.
"""
