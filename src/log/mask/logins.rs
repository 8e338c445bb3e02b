//! Commands of which more is personal than a trace hides: who logs in, beside the password.

use crate::at::Secret;

const FIRST: &[Secret] = &[Secret::at(1)];
const SECOND: &[Secret] = &[Secret::at(2), Secret::at(3)];
const THIRD: &[Secret] = &[Secret::at(3), Secret::at(4)];
const FOURTH: &[Secret] = &[Secret::at(4), Secret::at(5)];

/// By name, in the place of what the makers' tables say.
pub const LOGINS: &[(&str, &[Secret])] = &[
    ("+FTPUN", FIRST),
    ("+FTPPW", FIRST),
    ("+QFTPUSER", FIRST),
    ("+QFTPPASS", FIRST),
    ("+CSTT", SECOND),
    ("+QIREGAPP", SECOND),
    ("+MIPCALL", THIRD),
    ("+QMTCONN", THIRD),
    ("+CNCFG", FOURTH),
    ("+CFTPSLOGIN", FOURTH),
    // What they set is told by its name, and looked at as any text is.
    ("+HTTPPARA", &[]),
    ("+SHCONF", &[]),
    ("+CMQTTCONNECT", &[Secret::at(5), Secret::at(6)]),
    ("+FTPOPEN", &[Secret::at(2), Secret::at(3), Secret::at(4)]),
    // 2G modules: context, access point, login, password; later ones have a type before the access point.
    ("+QICSGP", &[Secret { place: 3, unless: &[(2, &["#"])] }, Secret::at(4), Secret::at(5)]),
    ("+SAPBR", &[Secret { place: 4, unless: &[(3, &["CONTYPE", "APN", "RATE"])] }]),
    (
        "+SMCONF",
        &[Secret {
            place: 2,
            unless: &[(
                1,
                &[
                    "CLIENTID",
                    "URL",
                    "KEEPTIME",
                    "CLEANSS",
                    "QOS",
                    "TOPIC",
                    "MESSAGE",
                    "RETAIN",
                    "SUBHEX",
                    "ASYNCMODE",
                ],
            )],
        }],
    ),
    (
        "+QFTPCFG",
        &[
            Secret {
                place: 2,
                unless: &[(1, &["#", "CONTEXTID", "FILETYPE", "TRANSMODE", "RSPTIMEOUT", "SSLTYPE"])],
            },
            Secret { place: 3, unless: &[(1, &["#"])] },
        ],
    ),
    (
        "+UMQTT",
        &[
            Secret { place: 2, unless: &[(1, &["1", "2", "3", "5", "6", "7", "8", "9", "10", "11", "12"])] },
            Secret::at(3),
        ],
    ),
    (
        "+WIPCREATE",
        &[
            Secret { place: 4, unless: &[(1, &["1", "2", "3"]), (4, &["#"])] },
            Secret { place: 5, unless: &[(1, &["1", "2", "3"])] },
            Secret { place: 6, unless: &[(1, &["1", "2", "3"])] },
            Secret { place: 7, unless: &[(1, &["1", "2", "3"])] },
        ],
    ),
];
