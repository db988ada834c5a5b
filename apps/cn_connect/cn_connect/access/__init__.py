"""One rule for every generic way to documents: `/api/resource`, `frappe.client`, uploads, workflow, print, reports.

1. Who is no member of staff (guests, website users) has no generic way at all: only the methods in `doors` are open.
2. The right on the DocType is asked first, then that on the document. Who sees only some documents of a DocType gets the
   same answer for one that is hidden and for one that does not exist.
3. What is written needs the right on the stored document and on what it becomes (`documents.check_written`).
4. A list is neither filtered nor ordered by what the user may not read (`fields`).
5. A File points only at what its maker may read, hangs only on what its maker may write, and nobody's browser runs it
   (`files`).

It is wired by hooks that stock Frappe has, too: `auth_hooks` (the first moment at which the user is known, whether by
session or by key), `doc_events`, `override_whitelisted_methods`, `after_request`.
"""
