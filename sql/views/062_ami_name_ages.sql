-- How old the images are that a name pattern asks for: the only thing known of them before an inventory is imported.

-- Numbers in a name that begin with a year in which there was EC2: 2016, 201603, 20160331.
CREATE OR REPLACE MACRO years_in(name VARCHAR) AS list_sort(list_distinct(list_transform(
    list_filter(
        regexp_extract_all(name, '[0-9]+'),
        lambda digits: regexp_full_match(digits, '20(0[6-9]|[1-9][0-9])([0-9]{2}){0,2}')
            AND (len(digits) = 4 OR digits[5:6] BETWEEN '01' AND '12')
    ),
    lambda digits: digits[:4]::INTEGER
)));
COMMENT ON MACRO years_in IS 'Years in the name of an image, or in a pattern for names.';

CREATE OR REPLACE VIEW ami_name_ages AS
WITH patterns AS (
    SELECT q.*, unnest(list_distinct(name_patterns)) AS name_pattern
    FROM ami_queries AS q
    WHERE include_deprecated
)

SELECT
    p.event_id,
    event_time,
    principal,
    principal_name,
    outcome,
    owners,
    name_pattern,
    years_in(name_pattern) AS years,
    release,
    released,
    end_of_support,
    end_of_support < event_time::DATE AS out_of_support,
    nullif(array_to_string(list_filter([
        CASE WHEN len(years_in(name_pattern)) > 0 THEN 'images of ' || array_to_string(years_in(name_pattern), ', ') END,
        release,
        CASE WHEN end_of_support < event_time::DATE THEN 'out of support since ' || end_of_support END
    ], lambda part: part IS NOT NULL), ', '), '') AS age
FROM patterns AS p
LEFT JOIN ami_releases AS r ON regexp_matches(lower(name_pattern), name_matches);

COMMENT ON VIEW ami_name_ages IS 'Name patterns of queries for deprecated images, with the age they ask for: one row per query and pattern, more where a pattern names several releases.';
COMMENT ON COLUMN ami_name_ages.years IS 'Years in the pattern.';
COMMENT ON COLUMN ami_name_ages.release IS 'The operating system it names, of those in ami_releases.';
COMMENT ON COLUMN ami_name_ages.out_of_support IS 'Whether its support had ended when that was asked.';
COMMENT ON COLUMN ami_name_ages.age IS 'All that in words: images of 2016, Amazon Linux 1, out of support since 2023-12-31.';
