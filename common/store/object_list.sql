-- What of a bucket's objects is in a folder: files, and once each the folders in it, which have no
-- id. $1 bucket, $2 folder with its '/' (or ''), $3 how a name in it begins, $4 how many, $5 from
-- where, $6 by what, $7 descending.
with files as (
	select substr(name, char_length($2::text) + 1) as entry, id, version, size, type, etag,
			cache_control, created_at, updated_at
		from storage_objects
		where bucket_id = $1::text and starts_with(name, $2::text)
), entries as (
	select entry, id, version, size, type, etag, cache_control, created_at, updated_at from files
		where strpos(entry, '/') = 0
	union all
	select distinct split_part(entry, '/', 1), null::uuid, null::uuid, null::bigint, null, null,
			null, null::timestamptz, null::timestamptz
		from files where strpos(entry, '/') > 0
)
select entry, id, version, size, type, etag, cache_control, to_json(created_at) #>> '{}',
		to_json(updated_at) #>> '{}'
	from entries where starts_with(lower(entry), lower($3::text))
	order by
		case when $7::boolean then null else case $6::text when 'created_at' then created_at
			when 'updated_at' then updated_at end end,
		case when $7::boolean then case $6::text when 'created_at' then created_at
			when 'updated_at' then updated_at end end desc nulls last,
		case when $7::boolean and $6::text = 'name' then entry end collate "C" desc nulls last,
		entry collate "C", id
	limit $4::int offset $5::int
