r"""The parts of a live run, each in a process of its own, held by Ray; one file a part.

    collectors --sets--> trainer (store and training) --weights--> player
         \________________ facts ___ page ___ facts ______________/

A process that dies is made again by Ray with the arguments that it began with, and its `run` is called again. What
it is asked for twice changes nothing: sets have names, weights a number.
"""
