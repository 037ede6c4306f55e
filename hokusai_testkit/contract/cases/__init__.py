"""The cases: one module for each documented method, each case one decorated function.

A case arranges and inspects with raw HTTP on the target and only acts through the implementation, so that one broken
method fails the cases of that method and no others.
"""
