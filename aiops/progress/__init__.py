"""What a running command says (`events`), and who listens.

`live` draws on a terminal, `plain` writes lines for logs, `jsonl` writes every event for a program; each makes a
`Report`. Nothing else of aiops is imported here, no judgement is made here, and nothing here asks whether there
is a terminal: the command line chooses the listener. `Planned` and results are shown by `render`.
"""
