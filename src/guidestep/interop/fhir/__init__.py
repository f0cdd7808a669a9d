"""FHIR R4: resources in as an assessment, a recommendation and a guideline out as resources.

Resources are plain dicts, as JSON gives them.
"""
