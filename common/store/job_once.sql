-- The end of an insert into jobs: one waiting job per kind and key.
on conflict (kind, key) where state = 'ready' do nothing
