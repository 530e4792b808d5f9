-- Pictures and files of a page; deleting the page keeps them.
CREATE TABLE media (
  id INTEGER PRIMARY KEY,
  page_id INTEGER REFERENCES pages (id) ON DELETE SET NULL,
  object_key TEXT NOT NULL UNIQUE,
  content_type TEXT NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  alt TEXT NOT NULL DEFAULT ''
);

CREATE INDEX media_by_page ON media (page_id);
