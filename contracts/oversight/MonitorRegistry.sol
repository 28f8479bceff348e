// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/**
 * @title MonitorRegistry
 * @notice Which monitors governance admits, and how they present themselves.
 *
 * Decisions
 * - It holds no money and decides nothing but who may be named in a new panel. A dismissed monitor's metadata stays,
 *   since old reports name it.
 *
 * The place for money. Contracts of their own stand beside this one and key on the monitor's address, so that neither
 * a monitor's name nor a panel changes with them:
 * - a stake vault holds deposits by address; governance looks there before it admits.
 * - rewards pay by what {ReportHub} says in its events: who attested which digest of which frame, which one was judged.
 * - slashing asks for proof of its own (two attestations of one monitor for one frame, a recomputed report) and takes
 *   from the vault. It dismisses here at most: halting and judging never depend on money.
 */
contract MonitorRegistry is AccessManaged {
    struct Monitor {
        bool admitted;
        string name;
        string uri;
    }

    mapping(address account => Monitor) private _monitors;

    /// @notice A monitor may now be named in panels.
    event MonitorAdmitted(address indexed account, string name, string uri);
    /// @notice A monitor may not be named in new panels any more.
    event MonitorDismissed(address indexed account);

    /// @notice The zero address, or a name that is empty.
    error MonitorInvalid(address account);
    /// @notice The account is not an admitted monitor.
    error MonitorUnknown(address account);

    constructor(address authority_) AccessManaged(authority_) {}

    /// @notice Admits a monitor, or changes its name and address for metadata.
    function admit(address account, string calldata name, string calldata uri) external restricted {
        require(account != address(0) && bytes(name).length > 0, MonitorInvalid(account));
        _monitors[account] = Monitor({admitted: true, name: name, uri: uri});
        emit MonitorAdmitted(account, name, uri);
    }

    /// @notice Bars a monitor from new panels. Policies that name it keep it until they are replaced.
    function dismiss(address account) external restricted {
        require(_monitors[account].admitted, MonitorUnknown(account));
        _monitors[account].admitted = false;
        emit MonitorDismissed(account);
    }

    /// @notice True while the account may be named in a new panel.
    function isAdmitted(address account) external view returns (bool) {
        return _monitors[account].admitted;
    }

    /// @notice What a monitor said of itself.
    function monitorOf(address account) external view returns (Monitor memory) {
        return _monitors[account];
    }
}
