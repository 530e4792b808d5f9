-- One row a setting; the dashboard lists pages by their last change.
CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX pages_by_change ON pages (status, updated_at DESC);

INSERT INTO settings (key, value) VALUES
  ('site_name', 'Alokai Storefront'),
  ('locale', 'en');

INSERT INTO pages (id, title, body, status, created_at, updated_at) VALUES
  (1, 'Welcome', 'This is the front page of the shop.' || char(10) || char(10) || 'Edit it to say what you sell.', 'published', '2026-01-12T09:00:00Z', '2026-03-02T14:30:00Z'),
  (2, 'Shipping & returns', 'Orders leave our house within two days. Send back what does not fit within thirty.', 'published', '2026-01-12T09:05:00Z', '2026-02-20T08:15:00Z'),
  (3, 'About us', 'We have made things from wood since 1987.', 'published', '2026-01-14T11:20:00Z', '2026-01-14T11:20:00Z'),
  (4, 'Spring sale', 'Twenty per cent off until the end of April.', 'draft', '2026-03-05T16:45:00Z', '2026-03-05T16:45:00Z');
