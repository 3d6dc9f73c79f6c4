-- How old the images are that a name pattern asks for: see sql/views/062_ami_name_ages.sql.
CREATE OR REPLACE TEMPORARY FUNCTION years_in(name STRING) RETURNS ARRAY<INT> RETURN array_sort(array_distinct(transform(
    filter(
        regexp_extract_all(name, '([0-9]+)', 1),
        digits -> digits RLIKE r'\A20(0[6-9]|[1-9][0-9])([0-9]{2}){0,2}\z'
            AND (length(digits) = 4 OR substr(digits, 5, 2) BETWEEN '01' AND '12')
    ),
    digits -> CAST(left(digits, 4) AS INT)
)));

CREATE OR REPLACE TEMPORARY VIEW ami_name_ages AS
WITH patterns AS (
    SELECT *, explode(array_distinct(name_patterns)) AS name_pattern
    FROM ami_queries
    WHERE include_deprecated
),

dated AS (
    SELECT *, years_in(name_pattern) AS years
    FROM patterns
)

SELECT
    p.event_id,
    p.event_time,
    p.principal,
    p.principal_name,
    p.outcome,
    p.owners,
    p.name_pattern,
    p.years,
    r.release,
    r.released,
    r.end_of_support,
    r.end_of_support < CAST(p.event_time AS DATE) AS out_of_support,
    nullif(concat_ws(
        ', ',
        CASE WHEN size(p.years) > 0 THEN 'images of ' || array_join(p.years, ', ') END,
        r.release,
        CASE WHEN r.end_of_support < CAST(p.event_time AS DATE) THEN 'out of support since ' || r.end_of_support END
    ), '') AS age
FROM dated AS p
LEFT JOIN ami_releases AS r ON lower(p.name_pattern) RLIKE r.name_matches;
