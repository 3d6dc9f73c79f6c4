-- Releases whose images carry their name, and the day after which they get no security updates without a paid contract
-- (the end of a free extension, where there is one). Only what the vendor has dated; a null is not known.
CREATE OR REPLACE VIEW ami_releases AS
SELECT
    name_matches,
    release,
    CAST(released AS DATE) AS released,
    CAST(end_of_support AS DATE) AS end_of_support
FROM (VALUES
    -- https://aws.amazon.com/amazon-linux-ami/faqs/ (maintenance support)
    ('amzn-ami', 'Amazon Linux 1', NULL, '2023-12-31'),
    -- https://aws.amazon.com/amazon-linux-2/faqs/
    ('amzn2-ami', 'Amazon Linux 2', '2018-06-26', '2026-06-30'),
    -- https://ubuntu.com/about/release-cycle (standard support; dated to the month, of which this is the last day)
    ('ubuntu.*(precise|12[.]04)', 'Ubuntu 12.04', '2012-04-26', '2017-04-30'),
    ('ubuntu.*(trusty|14[.]04)', 'Ubuntu 14.04', '2014-04-17', '2019-04-30'),
    ('ubuntu.*(xenial|16[.]04)', 'Ubuntu 16.04', '2016-04-21', '2021-04-30'),
    ('ubuntu.*(bionic|18[.]04)', 'Ubuntu 18.04', '2018-04-26', '2023-05-31'),
    ('ubuntu.*(focal|20[.]04)', 'Ubuntu 20.04', '2020-04-23', '2025-05-31'),
    -- https://wiki.debian.org/LTS
    ('debian([^0-9]*7([^0-9]|$)|.*wheezy)', 'Debian 7', '2013-05-04', '2018-05-31'),
    ('debian([^0-9]*8([^0-9]|$)|.*jessie)', 'Debian 8', '2015-04-25', '2020-06-30'),
    ('debian([^0-9]*9([^0-9]|$)|.*stretch)', 'Debian 9', '2017-06-17', '2022-06-30'),
    ('debian([^0-9]*10([^0-9]|$)|.*buster)', 'Debian 10', '2019-07-06', '2024-06-30'),
    ('debian([^0-9]*11([^0-9]|$)|.*bullseye)', 'Debian 11', '2021-08-14', '2026-08-31'),
    -- https://access.redhat.com/support/policy/updates/errata (maintenance support)
    ('(rhel|red.?hat)[^0-9]*5([^0-9]|$)', 'Red Hat Enterprise Linux 5', '2007-03-15', '2017-03-31'),
    ('(rhel|red.?hat)[^0-9]*6([^0-9]|$)', 'Red Hat Enterprise Linux 6', '2010-11-10', '2020-11-30'),
    ('(rhel|red.?hat)[^0-9]*7([^0-9]|$)', 'Red Hat Enterprise Linux 7', '2014-06-10', '2024-06-30'),
    -- https://www.centos.org/centos-linux-eol/
    ('centos[^0-9]*6([^0-9]|$)', 'CentOS 6', '2011-07-10', '2020-11-30'),
    ('centos[^0-9]*7([^0-9]|$)', 'CentOS 7', '2014-07-07', '2024-06-30'),
    ('centos[^0-9]*8([^0-9]|$)', 'CentOS 8', '2019-09-24', '2021-12-31'),
    -- https://www.suse.com/lifecycle/ (general support)
    ('sles[^0-9]*11([^0-9]|$)', 'SUSE Linux Enterprise Server 11', '2009-03-24', '2019-03-31'),
    ('sles[^0-9]*12([^0-9]|$)', 'SUSE Linux Enterprise Server 12', '2014-10-27', '2024-10-31'),
    -- https://learn.microsoft.com/lifecycle/products/ (extended support; R2 ends with the release it belongs to)
    ('windows[^0-9]*2003', 'Windows Server 2003', NULL, '2015-07-14'),
    ('windows[^0-9]*2008', 'Windows Server 2008', NULL, '2020-01-14'),
    ('windows[^0-9]*2012', 'Windows Server 2012', NULL, '2023-10-10'),
    ('windows[^0-9]*2016', 'Windows Server 2016', NULL, '2027-01-12')
) AS t(name_matches, release, released, end_of_support);

COMMENT ON VIEW ami_releases IS 'Old operating systems as the names of public images spell them, and until when they were supported.';
COMMENT ON COLUMN ami_releases.name_matches IS 'Regular expression that matches somewhere in the name, in lower case.';
COMMENT ON COLUMN ami_releases.end_of_support IS 'Last day with security updates that all users get.';
