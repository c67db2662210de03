"""HTTP routes of boards: index, documents, versions, drafts."""
