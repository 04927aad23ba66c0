"""``./manage.py test --mutate [target …]``: breaks the heart of the product in small ways and asks whether a test notices.

A mutant is a source with one small change. A mutant that fails a test of its own room is killed; one that passes them
all has survived, and says which test is missing. One that is equal to the original is named in
``equal.toml`` with the reason, and is tried all the same: an entry that matches nothing, or that a test kills, is an
error.

Why our own and neither mutmut nor cosmic-ray. Both change Python alone, and half of what decides here is SQL.
cosmic-ray writes each mutant into the working tree and starts a whole test process for it, which at Django's start is
five seconds a mutant before the first test. mutmut 3 forks a warm process, but works in a copy of the tree whose
functions hold all their mutants behind a switch: what is made while a module is imported (defaults, decorators,
class bodies, tables) is never changed, and Django's models do not take kindly to a second home. Here pytest runs in a
warm process until the target is first imported (an SQL file: until the tests are collected), and there the process
splits, once for each mutant: everything imported before is warm, everything after sees the mutant, ``from x import f``
too. The mutant is handed to the import system in memory, so no file of the tree is ever written and a killed run
leaves nothing behind.

``targets`` says what is mutated and which tests must notice; ``python_mutants`` and ``sql_mutants`` make the mutants,
``warm`` tries them, ``equal`` reads the list of equals, ``command`` reports.
"""
