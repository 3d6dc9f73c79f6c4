-- The regions of AWS on the map, as of 2026: names and partitions as AWS's documentation and its SDKs' partitions.json have
-- them (AWS General Reference, "Regions and Zones"). A region is many buildings: coordinates are those of the city, or of
-- the largest city of the state or country, that AWS names.
CREATE OR REPLACE VIEW aws_regions AS
SELECT *
FROM (VALUES
    ('af-south-1', 'Africa (Cape Town)', 'Cape Town', 'ZA', 'South Africa', -33.92, 18.42, 'aws'),
    ('ap-east-1', 'Asia Pacific (Hong Kong)', 'Hong Kong', 'HK', 'Hong Kong', 22.32, 114.17, 'aws'),
    ('ap-east-2', 'Asia Pacific (Taipei)', 'Taipei', 'TW', 'Taiwan', 25.03, 121.57, 'aws'),
    ('ap-northeast-1', 'Asia Pacific (Tokyo)', 'Tokyo', 'JP', 'Japan', 35.68, 139.69, 'aws'),
    ('ap-northeast-2', 'Asia Pacific (Seoul)', 'Seoul', 'KR', 'South Korea', 37.57, 126.98, 'aws'),
    ('ap-northeast-3', 'Asia Pacific (Osaka)', 'Osaka', 'JP', 'Japan', 34.69, 135.50, 'aws'),
    ('ap-south-1', 'Asia Pacific (Mumbai)', 'Mumbai', 'IN', 'India', 19.08, 72.88, 'aws'),
    ('ap-south-2', 'Asia Pacific (Hyderabad)', 'Hyderabad', 'IN', 'India', 17.39, 78.49, 'aws'),
    ('ap-southeast-1', 'Asia Pacific (Singapore)', 'Singapore', 'SG', 'Singapore', 1.35, 103.82, 'aws'),
    ('ap-southeast-2', 'Asia Pacific (Sydney)', 'Sydney', 'AU', 'Australia', -33.87, 151.21, 'aws'),
    ('ap-southeast-3', 'Asia Pacific (Jakarta)', 'Jakarta', 'ID', 'Indonesia', -6.21, 106.85, 'aws'),
    ('ap-southeast-4', 'Asia Pacific (Melbourne)', 'Melbourne', 'AU', 'Australia', -37.81, 144.96, 'aws'),
    ('ap-southeast-5', 'Asia Pacific (Malaysia)', 'Malaysia', 'MY', 'Malaysia', 3.14, 101.69, 'aws'),
    ('ap-southeast-6', 'Asia Pacific (New Zealand)', 'New Zealand', 'NZ', 'New Zealand', -36.85, 174.76, 'aws'),
    ('ap-southeast-7', 'Asia Pacific (Thailand)', 'Thailand', 'TH', 'Thailand', 13.76, 100.50, 'aws'),
    ('ca-central-1', 'Canada (Central)', 'Montreal', 'CA', 'Canada', 45.50, -73.57, 'aws'),
    ('ca-west-1', 'Canada West (Calgary)', 'Calgary', 'CA', 'Canada', 51.05, -114.07, 'aws'),
    ('eu-central-1', 'Europe (Frankfurt)', 'Frankfurt', 'DE', 'Germany', 50.11, 8.68, 'aws'),
    ('eu-central-2', 'Europe (Zurich)', 'Zurich', 'CH', 'Switzerland', 47.38, 8.54, 'aws'),
    ('eu-north-1', 'Europe (Stockholm)', 'Stockholm', 'SE', 'Sweden', 59.33, 18.07, 'aws'),
    ('eu-south-1', 'Europe (Milan)', 'Milan', 'IT', 'Italy', 45.46, 9.19, 'aws'),
    ('eu-south-2', 'Europe (Spain)', 'Spain', 'ES', 'Spain', 41.65, -0.89, 'aws'),
    ('eu-west-1', 'Europe (Ireland)', 'Ireland', 'IE', 'Ireland', 53.35, -6.26, 'aws'),
    ('eu-west-2', 'Europe (London)', 'London', 'GB', 'United Kingdom', 51.51, -0.13, 'aws'),
    ('eu-west-3', 'Europe (Paris)', 'Paris', 'FR', 'France', 48.86, 2.35, 'aws'),
    ('il-central-1', 'Israel (Tel Aviv)', 'Tel Aviv', 'IL', 'Israel', 32.09, 34.78, 'aws'),
    ('me-central-1', 'Middle East (UAE)', 'UAE', 'AE', 'United Arab Emirates', 25.20, 55.27, 'aws'),
    ('me-south-1', 'Middle East (Bahrain)', 'Bahrain', 'BH', 'Bahrain', 26.23, 50.59, 'aws'),
    ('me-west-1', 'Middle East (Saudi Arabia)', 'Saudi Arabia', 'SA', 'Saudi Arabia', 24.71, 46.68, 'aws'),
    ('mx-central-1', 'Mexico (Central)', 'Querétaro', 'MX', 'Mexico', 20.59, -100.39, 'aws'),
    ('sa-east-1', 'South America (São Paulo)', 'São Paulo', 'BR', 'Brazil', -23.55, -46.63, 'aws'),
    ('sa-west-1', 'South America (Chile)', 'Chile', 'CL', 'Chile', -33.45, -70.67, 'aws'),
    ('us-east-1', 'US East (N. Virginia)', 'N. Virginia', 'US', 'United States', 39.04, -77.49, 'aws'),
    ('us-east-2', 'US East (Ohio)', 'Ohio', 'US', 'United States', 39.96, -83.00, 'aws'),
    ('us-west-1', 'US West (N. California)', 'N. California', 'US', 'United States', 37.34, -121.89, 'aws'),
    ('us-west-2', 'US West (Oregon)', 'Oregon', 'US', 'United States', 45.84, -119.70, 'aws'),
    ('cn-north-1', 'China (Beijing)', 'Beijing', 'CN', 'China', 39.90, 116.41, 'aws-cn'),
    ('cn-northwest-1', 'China (Ningxia)', 'Ningxia', 'CN', 'China', 37.50, 105.20, 'aws-cn'),
    ('eusc-de-east-1', 'AWS European Sovereign Cloud (Germany)', 'Brandenburg', 'DE', 'Germany', 52.40, 13.06, 'aws-eusc'),
    ('us-gov-east-1', 'AWS GovCloud (US-East)', 'US-East', 'US', 'United States', NULL, NULL, 'aws-us-gov'),
    ('us-gov-west-1', 'AWS GovCloud (US-West)', 'US-West', 'US', 'United States', NULL, NULL, 'aws-us-gov'),
    ('us-iso-east-1', 'US ISO East', 'US ISO East', 'US', 'United States', NULL, NULL, 'aws-iso'),
    ('us-iso-west-1', 'US ISO West', 'US ISO West', 'US', 'United States', NULL, NULL, 'aws-iso'),
    ('us-isob-east-1', 'US ISOB East (Ohio)', 'Ohio', 'US', 'United States', 39.96, -83.00, 'aws-iso-b'),
    ('us-isob-west-1', 'US ISOB West', 'US ISOB West', 'US', 'United States', NULL, NULL, 'aws-iso-b'),
    ('us-isof-east-1', 'US ISOF East', 'US ISOF East', 'US', 'United States', NULL, NULL, 'aws-iso-f'),
    ('us-isof-south-1', 'US ISOF South', 'US ISOF South', 'US', 'United States', NULL, NULL, 'aws-iso-f')
) AS t(aws_region, region_name, place, country_iso_code, country_name, latitude, longitude, partition);

COMMENT ON VIEW aws_regions IS 'The regions of AWS: where each is on the map.';
COMMENT ON COLUMN aws_regions.aws_region IS 'Code: us-east-1.';
COMMENT ON COLUMN aws_regions.region_name IS 'As AWS names it: US East (N. Virginia).';
COMMENT ON COLUMN aws_regions.place IS 'City, US state or country: as much as AWS tells.';
COMMENT ON COLUMN aws_regions.country_iso_code IS 'ISO 3166-1, two letters.';
COMMENT ON COLUMN aws_regions.latitude IS 'Roughly; null where AWS names no place.';
COMMENT ON COLUMN aws_regions.partition IS 'aws, aws-cn (China), aws-us-gov (GovCloud), aws-eusc (European Sovereign Cloud), aws-iso, aws-iso-b, aws-iso-f (isolated).';
