"""What planners read: appeals counted by place and period, each number with its method, its sample and its rows.

A report is a frozen value made by one module of its own (``heatmap`` is the first); pages, files and notebooks only
show it.
"""
